/** The four parts of the world that have names of their own (R30). */
export const REGIONS = ['europe', 'america', 'asia', 'other'] as const
export type Region = (typeof REGIONS)[number]
