/** avg and hist are those of Akoush et al. (MASCOTS 2010); sim is the migration itself, in virtual time. */
export const modelNames = ['avg', 'hist', 'sim'] as const;
export type ModelName = (typeof modelNames)[number];
