type Heard<T> = {
  readonly [K in keyof T]?: T[K] extends (...given: infer A) => infer R
    ? (result: R, ...given: A) => void
    : never;
};

/** The same object, and what its methods are asked and answer is heard. */
export const overheard = <T extends object>(of: T, heard: Heard<T>): T => {
  const methods = new Map<PropertyKey, unknown>();
  return new Proxy(of, {
    get: (target, key) => {
      const known = methods.get(key);
      if (known !== undefined) return known;
      // By itself: it may have private fields, which a proxy hasn't.
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const hear = heard[key as keyof T] as ((result: unknown, ...given: unknown[]) => void) | undefined;
      const method = (...given: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, given);
        hear?.(result, ...given);
        return result;
      };
      methods.set(key, method);
      return method;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
};
