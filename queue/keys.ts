// Names of all keys and channels in Redis. One hash tag a class, so that a script’s keys share a cluster slot.

/** What every key of the pipeline begins with. BullMQ's own keys are under `bull`. */
export const keyPrefix = 'stockade:{default}:'
export const bullPrefix = 'stockade:{default}:bull'
export const queueName = 'jobs'

export const jobKey = (jobId: string): string => `${keyPrefix}job:${jobId}`
export const eventsKey = (jobId: string): string => `${keyPrefix}events:${jobId}`
export const listKey = (tenant: string): string => `${keyPrefix}list:${tenant}`
export const quarantineKey = `${keyPrefix}quarantine`
export const restingKey = `${keyPrefix}resting`
export const runningKey = `${keyPrefix}running`
export const handoverKey = `${keyPrefix}handover`
export const waitingCountKey = `${keyPrefix}waiting-count`
export const litterKey = `${keyPrefix}litter`
export const outputLitterKey = `${keyPrefix}output-litter`
export const waitingKey = (tenant: string): string => `${keyPrefix}waiting:${tenant}`
export const inflightKey = (tenant: string): string => `${keyPrefix}inflight:${tenant}`
/** Bytes of one kind in all; queue/fragment.ts says which kinds there are. */
export const bytesKey = (kind: string): string => `${keyPrefix}${kind}-bytes`
/** A tenant’s row of usage, those of all, and who has one; days are counted from 1970-01-01. */
export const usageKey = (tenant: string, day: number): string =>
  `${keyPrefix}usage:${tenant}:${day}`
export const usageAllKey = (day: number): string => `${keyPrefix}usage-all:${day}`
export const usageByKey = (day: number): string => `${keyPrefix}usage-by:${day}`
export const usageKeepDaysKey = `${keyPrefix}usage-keep-days`
export const agesKey = (grant: string): string => `${keyPrefix}ages:${grant}`
/** Grants that have a waiting job. */
export const ageGrantsKey = `${keyPrefix}age-grants`

export const batchKey = (id: string): string => `${keyPrefix}batch:${id}`
export const batchJobsKey = (id: string): string => `${keyPrefix}batch-jobs:${id}`
export const deliveriesKey = (id: string): string => `${keyPrefix}deliveries:${id}`
/** Tenants with a webhook that may be sent, by when. */
export const dueTenantsKey = `${keyPrefix}due-tenants`

/** Where whoever waits for a batch hears that all its jobs have ended. */
export const batchChannel = (id: string): string => `stockade:channel:batch:${id}`
/** Where api processes hear that there is a webhook to be sent. */
export const deliveriesChannel = 'stockade:channel:deliveries'
/** Where one api process hears that a job it waits for has ended. */
export const apiChannel = (processId: string): string => `stockade:channel:api:${processId}`
/** Where followers of one job’s events are told to look again. */
export const eventsChannel = (jobId: string): string => `stockade:channel:events:${jobId}`
/** Where all workers hear of cancelled jobs. */
export const controlChannel = 'stockade:channel:control'
