/** The few system calls that Node doesn't offer, through koffi. Linux with glibc. */
import koffi from 'koffi';
import { LivemigError } from '#proto/errors';

const libc = koffi.load('libc.so.6');

const native = {
  socket: libc.func('int socket(int, int, int)'),
  bind: libc.func('int bind(int, void*, int)'),
  send: libc.func('long send(int, void*, size_t, int)'),
  sendto: libc.func('long sendto(int, void*, size_t, int, void*, int)'),
  recv: libc.func('long recv(int, void*, size_t, int)'),
  recvmmsg: libc.func('int recvmmsg(int, void*, unsigned int, int, void*)'),
  setsockopt: libc.func('int setsockopt(int, int, int, void*, int)'),
  ppoll: libc.func('int ppoll(void*, uint64_t, void*, void*)'),
  close: libc.func('int close(int)'),
  eventfd: libc.func('int eventfd(unsigned int, int)'),
  write: libc.func('long write(int, void*, size_t)'),
  read: libc.func('long read(int, void*, size_t)'),
  if_nametoindex: libc.func('unsigned int if_nametoindex(const char*)'),
  sched_setscheduler: libc.func('int sched_setscheduler(int, int, void*)'),
  setpriority: libc.func('int setpriority(int, unsigned int, int)'),
  prctl: libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)'),
};

const schedFifo = 1;
const lowNice = -15;
const afNetlink = 16;
const sockRaw = 3;
const sockCloexec = 0x80000;
const efdCloexecNonblock = 0x80800;
const msgDontwait = 0x40;

/** Calls that may be refused for lack of a privilege are reported with the kernel's error number. */
const checked = (call: string, result: number): number => {
  if (result < 0)
    throw new LivemigError('LINK_NOT_APPLIED', `${call} failed with errno ${String(koffi.errno())}`);
  return result;
};

export const openNetlink = (protocol: number): number => {
  const fd = checked(
    'socket(AF_NETLINK)',
    native.socket(afNetlink, sockRaw | sockCloexec, protocol) as number,
  );
  const address = Buffer.alloc(12);
  address.writeUInt16LE(afNetlink, 0);
  checked('bind(AF_NETLINK)', native.bind(fd, address, address.length) as number);
  return fd;
};

const afInet = 2;
const ipprotoRaw = 255;

/** A socket that sends IPv4 packets as they are. @throws LivemigError LINK_NOT_APPLIED without CAP_NET_RAW. */
export const openRaw = (): number =>
  checked('socket(SOCK_RAW)', native.socket(afInet, sockRaw | sockCloexec, ipprotoRaw) as number);

const destinationAt = 16;
const socketAddress = Buffer.alloc(16);
socketAddress.writeUInt16LE(afInet, 0);

/** To where the packet's own header says. @returns whether the kernel took it. */
export const sendPacket = (fd: number, packet: Buffer): boolean => {
  packet.copy(socketAddress, 4, destinationAt, destinationAt + 4);
  return (
    (native.sendto(fd, packet, packet.length, msgDontwait, socketAddress, socketAddress.length) as number) >=
    0
  );
};

/** @throws LivemigError LINK_NOT_APPLIED when there is no such interface. */
export const interfaceIndexOf = (name: string): number => {
  const index = native.if_nametoindex(name) as number;
  if (index === 0) throw new LivemigError('LINK_NOT_APPLIED', `the router has no interface ${name}`);
  return index;
};

/** Whether the kernel accepted the option. */
export const setSocketOption = (fd: number, level: number, option: number, value: number): boolean => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return (native.setsockopt(fd, level, option, bytes, 4) as number) === 0;
};

export const sendBytes = (fd: number, bytes: Buffer): void => {
  checked('send', native.send(fd, bytes, bytes.length, 0) as number);
};

/** Blocks until a datagram is there; returns its length. */
export const receiveBytes = (fd: number, into: Buffer): number =>
  checked('recv', native.recv(fd, into, into.length, 0) as number);

export const closeDescriptor = (fd: number): void => void native.close(fd);

/** A counter that wakes a thread out of `waitReadable`. */
export const openWakeup = (): number => checked('eventfd', native.eventfd(0, efdCloexecNonblock) as number);
export const wake = (fd: number): void => {
  const one = Buffer.alloc(8);
  one.writeBigUInt64LE(1n);
  native.write(fd, one, 8);
};
export const clearWakeup = (fd: number): void => {
  native.read(fd, Buffer.alloc(8), 8);
};

/** Timers of the calling thread fire within a nanosecond of their time instead of 50 µs (PR_SET_TIMERSLACK). */
export const setPreciseTimers = (): void => void native.prctl(29, 1, 0, 0, 0);

/**
 * Lets the calling thread run before all others whenever it has something to do (SCHED_FIFO, or else a low nice value), if it
 * may (CAP_SYS_NICE). Only for threads that mostly sleep.
 */
export const runFirst = (): void => {
  const priority = Buffer.alloc(4);
  priority.writeInt32LE(1);
  if ((native.sched_setscheduler(0, schedFifo, priority) as number) !== 0) native.setpriority(0, 0, lowNice);
};

/** Blocks the calling thread until a descriptor is readable or the time is over. */
export const createPoller = (
  fds: readonly number[],
): { wait: (timeoutMs: number) => number; isReady: (index: number) => boolean } => {
  const set = Buffer.alloc(8 * fds.length);
  fds.forEach((fd, index) => {
    set.writeInt32LE(fd, index * 8);
    set.writeInt16LE(1, index * 8 + 4);
  });
  const timeout = Buffer.alloc(16);
  const count = BigInt(fds.length);
  return {
    wait: (timeoutMs) => {
      timeout.writeInt32LE(Math.floor(timeoutMs / 1e3), 0);
      timeout.writeInt32LE(Math.floor((timeoutMs % 1e3) * 1e6), 8);
      return native.ppoll(set, count, timeout, null) as number;
    },
    isReady: (index) => set.readInt16LE(index * 8 + 6) !== 0,
  };
};

/** Receives many datagrams with one system call (recvmmsg). `slot(i)` is where datagram i begins in `buffer`. */
export const createBatchReceiver = (fd: number, slots: number, slotBytes: number) => {
  const buffer = Buffer.alloc(slots * slotBytes);
  const vectors = Buffer.alloc(16 * slots);
  const headerBytes = 64;
  const headers = Buffer.alloc(headerBytes * slots);
  const bufferAddress = koffi.address(buffer);
  const vectorsAddress = koffi.address(vectors);
  for (let slot = 0; slot < slots; slot += 1) {
    vectors.writeBigUInt64LE(bufferAddress + BigInt(slot * slotBytes), slot * 16);
    vectors.writeBigUInt64LE(BigInt(slotBytes), slot * 16 + 8);
    headers.writeBigUInt64LE(vectorsAddress + BigInt(slot * 16), slot * headerBytes + 16);
    headers.writeBigUInt64LE(1n, slot * headerBytes + 24);
  }
  return {
    buffer,
    /** How many datagrams were waiting; 0 when none. */
    receive: (): number => Math.max(0, native.recvmmsg(fd, headers, slots, msgDontwait, null) as number),
    lengthOf: (slot: number): number => headers.readUInt32LE(slot * headerBytes + 56),
    keepAlive: vectors,
  };
};
