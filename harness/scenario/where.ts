/**
 * What a scenario's problem is about, from the key that it begins with: `guest.ram: …` is about guest and its ram,
 * `unknown key "gest"; …` about gest.
 */
export const pathOf = (problem: string): string[] => {
  const unknown = /^unknown key "([^"]*)"/.exec(problem)?.[1];
  if (unknown !== undefined) return [unknown];
  const [keys = ''] = /^\w+(?:\.[\w-]+)*(?=:)/.exec(problem) ?? /^\w+/.exec(problem) ?? [];
  return keys === '' ? [] : keys.split('.');
};
