// BullMQ ships types of its scripts beside its other build alone.
declare module 'bullmq/dist/cjs/scripts/addStandardJob-9.js' {
  export const addStandardJob: {
    readonly name: string
    readonly content: string
    readonly keys: number
  }
}
