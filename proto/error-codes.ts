/** Every error code and its meaning: a closed list. A new kind of failure first gets a code here. */
export const errorMeanings = {
  BAD_INPUT: "The user's input is invalid; `problems` lists every problem. Exit code 2.",
  UNSUPPORTED: 'This machine lacks something; the message says what, and how to get it.',
  TESTBED_FAILED: "A host, namespace, container, image or engine couldn't be brought up.",
  LINK_NOT_APPLIED: 'tc, iptables or NFQUEUE rejected the link, or its settings read back differently.',
  LINK_OUT_OF_TOLERANCE: 'Calibration measured a link that differs from its profile.',
  AGENT_UNREACHABLE: "An agent didn't answer the harness, or its management connection broke.",
  CONNECTION_LOST: 'The connection between the two hypervisors, or one to a server, broke or fell silent.',
  CONNECTION_REFUSED: 'Nothing listens at the address of a connection.',
  PROTOCOL_VIOLATION:
    'A peer (the other end of a migration, or an agent) violated the protocol: wrong version, order, size or content.',
  LEASE_LOST:
    "A host used a disk of the storage host whose lease it doesn't have any more: another host has it, or it gave it back.",
  CERTIFICATE_REFUSED:
    "TLS: the migration's authority didn't sign a peer's certificate, or it is not valid by this host's clock.",
  VERSION_MISMATCH: 'Harness and agent speak different versions of the management plane.',
  ILLEGAL_PHASE: 'A phase was requested out of order.',
  NOT_CONVERGED: 'Pre-copy reached its limit without converging.',
  CANCELLED: 'The migration was cancelled.',
  INTEGRITY_VIOLATED: 'Pages were lost, stale or corrupt, or the guest was live on both hosts.',
  CROSS_CHECK_FAILED: 'Two measurements of the same quantity disagree beyond their tolerance.',
  TIMEOUT: 'Something exceeded its time limit.',
  DISK_FULL: 'Writing a file failed because the disk or its quota is full.',
  STORAGE_FAILED: "A file couldn't be read, written or locked: its path is missing or access is denied.",
  INTERNAL: 'A bug in livemig.',
} as const;

export type ErrorCode = keyof typeof errorMeanings;
export const errorCodes = Object.keys(errorMeanings) as [ErrorCode, ...ErrorCode[]];
