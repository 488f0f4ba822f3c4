// Units of the presets. The presets themselves are one file each, so that an operator can read the one that is in force.
export const mebibyte = 1024 * 1024
export const gibibyte = 1024 * mebibyte
