/** Sockets that Node doesn't offer, through koffi: batches of datagrams, and taps of a device. Linux with glibc. */
import koffi from 'koffi';
import { LivemigError } from '#proto/errors';
import type { ErrorCode } from '#proto/errors';

const libc = koffi.load('libc.so.6');
const native = {
  socket: libc.func('int socket(int, int, int)'),
  bind: libc.func('int bind(int, void*, int)'),
  connect: libc.func('int connect(int, void*, int)'),
  send: libc.func('long send(int, void*, size_t, int)'),
  recv: libc.func('long recv(int, void*, size_t, int)'),
  setsockopt: libc.func('int setsockopt(int, int, int, void*, int)'),
  getsockopt: libc.func('int getsockopt(int, int, int, void*, void*)'),
  close: libc.func('int close(int)'),
};

const afInet = 2;
const afPacket = 17;
const sockDgram = 2;
const sockRaw = 3;
const sockFlags = 0x80800; // SOCK_CLOEXEC | SOCK_NONBLOCK
const solSocket = 1;
const soSndbuf = 7;
const soRcvbuf = 8;
const soRcvbufForce = 33;
const soAttachFilter = 26;
const solUdp = 17;
const udpSegment = 103;
const udpGro = 104;
const solPacket = 263;
const packetStatistics = 6;
const etherAll = 3;

const failure = (code: ErrorCode, what: string): LivemigError =>
  new LivemigError(code, `${what} failed with errno ${String(koffi.errno())}`);

const setInteger = (fd: number, level: number, option: number, value: number): boolean => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return (native.setsockopt(fd, level, option, bytes, 4) as number) === 0;
};

const internetAddress = (address: string, port: number): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(afInet, 0);
  bytes.writeUInt16BE(port, 2);
  Buffer.from(address.split('.').map(Number)).copy(bytes, 4);
  return bytes;
};

/** What a datagram socket may hold in either direction; the kernel may allow less. */
const datagramBufferBytes = 4 << 20;

/**
 * A datagram socket that asks one address. What it receives may be any size; while its thread waits for a core, the kernel
 * keeps some thousand answers.
 * @throws LivemigError TESTBED_FAILED
 */
export const openRequester = (address: string, port: number): number => {
  const fd = native.socket(afInet, sockDgram | sockFlags, 0) as number;
  if (fd < 0) throw failure('TESTBED_FAILED', 'socket(AF_INET)');
  const remote = internetAddress(address, port);
  if ((native.connect(fd, remote, remote.length) as number) !== 0) {
    const error = failure('TESTBED_FAILED', `connect(${address}:${port})`);
    closeSocket(fd);
    throw error;
  }
  setInteger(fd, solSocket, soSndbuf, datagramBufferBytes);
  // Beyond what the kernel allows everybody, where this process may.
  if (!setInteger(fd, solSocket, soRcvbufForce, 4 * datagramBufferBytes))
    setInteger(fd, solSocket, soRcvbuf, datagramBufferBytes);
  return fd;
};

/**
 * A datagram socket between two addresses, the same port at both. What is sent in one call leaves as one packet of the
 * kernel's and becomes datagrams of `datagramBytes` where the network needs it (UDP_SEGMENT); those that arrive together
 * are received together (UDP_GRO).
 * @throws LivemigError TESTBED_FAILED
 */
export const openDatagrams = (address: string, peer: string, port: number, datagramBytes: number): number => {
  const fd = native.socket(afInet, sockDgram | sockFlags, 0) as number;
  if (fd < 0) throw failure('TESTBED_FAILED', 'socket(AF_INET)');
  const local = internetAddress(address, port);
  const remote = internetAddress(peer, port);
  try {
    if ((native.bind(fd, local, local.length) as number) !== 0)
      throw failure('TESTBED_FAILED', `bind(${address}:${port})`);
    if ((native.connect(fd, remote, remote.length) as number) !== 0)
      throw failure('TESTBED_FAILED', `connect(${peer}:${port})`);
    setInteger(fd, solSocket, soSndbuf, datagramBufferBytes);
    setInteger(fd, solSocket, soRcvbuf, datagramBufferBytes);
    if (!setInteger(fd, solUdp, udpSegment, datagramBytes) || !setInteger(fd, solUdp, udpGro, 1))
      throw failure('UNSUPPORTED', 'UDP_SEGMENT and UDP_GRO, which Linux has had since 5.0,');
    return fd;
  } catch (error) {
    closeSocket(fd);
    throw error;
  }
};

/** @returns whether the kernel took it; it doesn't while its buffer is full. */
export const sendNow = (fd: number, bytes: Buffer, length: number): boolean =>
  Number(native.send(fd, bytes, length, 0)) === length;

/** @returns how many bytes, all of one datagram or several of one size; negative: nothing is there. */
export const receiveNow = (fd: number, into: Buffer): number => Number(native.recv(fd, into, into.length, 0));

/** One instruction of classic BPF. */
export type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];

/** The kernel's `struct sock_filter`s. */
const encodeProgram = (program: readonly Instruction[]): Buffer => {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(([code, jumpTrue, jumpFalse, operand], at) => {
    bytes.writeUInt16LE(code, 8 * at);
    bytes.writeUInt8(jumpTrue, 8 * at + 2);
    bytes.writeUInt8(jumpFalse, 8 * at + 3);
    bytes.writeUInt32LE(operand >>> 0, 8 * at + 4);
  });
  return bytes;
};

/**
 * A tap of what passes a device, on which only the kernel's count of what its filter takes is of interest: its buffer is
 * as small as the kernel lets it be.
 * @throws LivemigError UNSUPPORTED without CAP_NET_RAW
 */
export const openTap = (interfaceIndex: number, program: readonly Instruction[]): number => {
  const fd = native.socket(afPacket, sockRaw | sockFlags, 0) as number;
  if (fd < 0)
    throw failure('UNSUPPORTED', 'counting traffic apart needs a packet socket (CAP_NET_RAW), which');
  const filter = encodeProgram(program);
  const attached = Buffer.alloc(16);
  attached.writeUInt16LE(program.length, 0);
  attached.writeBigUInt64LE(koffi.address(filter), 8);
  const device = Buffer.alloc(20);
  device.writeUInt16LE(afPacket, 0);
  device.writeUInt16BE(etherAll, 2);
  device.writeInt32LE(interfaceIndex, 4);
  setInteger(fd, solSocket, soRcvbuf, 0);
  if (
    (native.setsockopt(fd, solSocket, soAttachFilter, attached, attached.length) as number) !== 0 ||
    // Its protocol is what makes it listen: before that, nothing has passed its filter's absence.
    (native.bind(fd, device, device.length) as number) !== 0
  ) {
    closeSocket(fd);
    throw failure('LINK_NOT_APPLIED', `a tap of interface ${interfaceIndex}`);
  }
  return fd;
};

/** How many packets its filter has taken since the last time. */
export const countOf = (fd: number): number => {
  const statistics = Buffer.alloc(8);
  const length = Buffer.alloc(4);
  length.writeInt32LE(statistics.length);
  if ((native.getsockopt(fd, solPacket, packetStatistics, statistics, length) as number) !== 0)
    throw failure('LINK_NOT_APPLIED', 'PACKET_STATISTICS');
  return statistics.readUInt32LE(0);
};

export const closeSocket = (fd: number): void => void native.close(fd);
