/**
 * Data in a page: compressed, so that hundreds of results fit; scripts and styles hashed, so that nothing else runs.
 */

/** gzip in base64, which a `data:` link downloads unchanged and the page's script unpacks. */
export const packed = async (text: string): Promise<string> => {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return Buffer.from(await new Response(stream).arrayBuffer()).toString('base64');
};

/** Digits of a fraction kept in the page; the results themselves have all. */
const digits = 9;

/** A result as JSON for the page: a third smaller without insignificant floating-point digits. */
export const compactJson = (document: unknown): string =>
  JSON.stringify(document, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(digits)) : value,
  );

const digest = async (text: string): Promise<Buffer> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

/** The hash by which a Content-Security-Policy allows an inline script or style. */
export const sourceHash = async (text: string): Promise<string> =>
  `'sha256-${(await digest(text)).toString('base64')}'`;

/** SHA-256 in hexadecimal. */
export const fingerprint = async (text: string): Promise<string> => (await digest(text)).toString('hex');
