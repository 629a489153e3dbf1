import type { ErrorCode } from './error-codes.ts';

/**
 * The meaning of foreign errors: Node's by the operating system's code (errno), gRPC's by its status. Never by their
 * text, which is for people and changes.
 */

/** For sockets and file systems alike. */
const anywhere: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'CONNECTION_REFUSED',
  ECONNRESET: 'CONNECTION_LOST',
  ECONNABORTED: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
  ETIMEDOUT: 'CONNECTION_LOST',
  ENOTCONN: 'CONNECTION_LOST',
  ESHUTDOWN: 'CONNECTION_LOST',
  ENETDOWN: 'CONNECTION_LOST',
  ENETRESET: 'CONNECTION_LOST',
  ENETUNREACH: 'CONNECTION_LOST',
  EHOSTDOWN: 'CONNECTION_LOST',
  EHOSTUNREACH: 'CONNECTION_LOST',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EMFILE: 'UNSUPPORTED',
  ENFILE: 'UNSUPPORTED',
  ENOMEM: 'UNSUPPORTED',
};

/** For file operations; elsewhere the same codes have other meanings. */
const atFiles: readonly string[] = [
  'EACCES',
  'EBUSY',
  'EEXIST',
  'EFBIG',
  'EIO',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENODEV',
  'ENOENT',
  'ENOTDIR',
  'ENOTEMPTY',
  'ENXIO',
  'EPERM',
  'EROFS',
  'ESTALE',
  'EXDEV',
];

/** By gRPC status number. */
const statuses: readonly ErrorCode[] = [
  // OK, but more was expected.
  'CONNECTION_LOST',
  // CANCELLED: the peer reset its streams before the connection closed.
  'CONNECTION_LOST',
  // UNKNOWN and INVALID_ARGUMENT: sent by the peer.
  'PROTOCOL_VIOLATION',
  'PROTOCOL_VIOLATION',
  // DEADLINE_EXCEEDED
  'CONNECTION_LOST',
  // NOT_FOUND, ALREADY_EXISTS and PERMISSION_DENIED
  'PROTOCOL_VIOLATION',
  'PROTOCOL_VIOLATION',
  'PROTOCOL_VIOLATION',
  // RESOURCE_EXHAUSTED: a message that is too long.
  'PROTOCOL_VIOLATION',
  // FAILED_PRECONDITION, ABORTED and OUT_OF_RANGE
  'PROTOCOL_VIOLATION',
  'PROTOCOL_VIOLATION',
  'PROTOCOL_VIOLATION',
  // UNIMPLEMENTED: unknown compression or service.
  'PROTOCOL_VIOLATION',
  // INTERNAL: a socket error that grpc-js doesn't know (such as EPIPE).
  'CONNECTION_LOST',
  // UNAVAILABLE
  'CONNECTION_LOST',
  // DATA_LOSS and UNAUTHENTICATED
  'PROTOCOL_VIOLATION',
  'PROTOCOL_VIOLATION',
];

/** For a stream or call that ended with this status; a status unknown to gRPC is the peer's fault. */
export const codeOfStatus = (status: number): ErrorCode => statuses[status] ?? 'PROTOCOL_VIOLATION';

/** The meaning of a foreign error; null = unknown. */
export const codeOfForeign = (error: object): ErrorCode | null => {
  const { code, syscall, path, details } = error as Record<string, unknown>;
  // Process exits have a numeric code as well: only gRPC's comes with details.
  if (typeof code === 'number' && typeof details === 'string') return codeOfStatus(code);
  if (typeof code !== 'string') return null;
  if (Object.hasOwn(anywhere, code)) return anywhere[code]!;
  const isOfFile =
    (typeof path === 'string' || typeof syscall === 'string') &&
    !/^(spawn|connect|listen|bind|send|getaddrinfo)/.test(typeof syscall === 'string' ? syscall : '');
  return isOfFile && atFiles.includes(code) ? 'STORAGE_FAILED' : null;
};
