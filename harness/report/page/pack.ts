/** Bytes in a page: compressed, so that hundreds of results fit, and hashed, so that nothing else can run. */

/** gzip in base64, which a `data:` link downloads as it is and the page's script unpacks. */
export const packed = async (text: string): Promise<string> => {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return Buffer.from(await new Response(stream).arrayBuffer()).toString('base64');
};

/** What of a fraction is kept in the page; the results themselves have it whole. */
const digits = 9;

/** A result as JSON for the page: a third smaller than with the digits that floating point makes up. */
export const compactJson = (document: unknown): string =>
  JSON.stringify(document, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(digits)) : value,
  );

const digest = async (text: string): Promise<Buffer> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

/** As a Content-Security-Policy names an inline script or style. */
export const sourceHash = async (text: string): Promise<string> =>
  `'sha256-${(await digest(text)).toString('base64')}'`;

/** SHA-256 in hexadecimal. */
export const fingerprint = async (text: string): Promise<string> => (await digest(text)).toString('hex');
