/** How the destination tells the router that the guest lives there now (QEMU's announce-self), and the answer. */
export const announcementOf = (guestAddress: string): string => `livemig-announce ${guestAddress}`;
export const announcementAck = 'livemig-announced';
