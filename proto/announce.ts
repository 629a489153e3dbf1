/** How the destination announces to the router that it now has the guest (QEMU's announce-self), and the answer. */
export const announcementOf = (guestAddress: string): string => `livemig-announce ${guestAddress}`;
export const announcementAck = 'livemig-announced';
