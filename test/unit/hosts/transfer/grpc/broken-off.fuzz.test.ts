import fc from 'fast-check';
import { isUnreadable, readableFrom } from '#hosts/transfer/unreadable';
import { migrationService } from '#proto/migration';
import { fuzz } from '#test/support/fuzz';

/** Whatever a peer sends is a message, or recognised as none: nothing throws into gRPC. */
const { control, pages, faults } = migrationService;
const readers = {
  'control, at the source': readableFrom('destination')<object>(control.requestDeserialize),
  'control, at the destination': readableFrom('source')<object>(control.responseDeserialize),
  'pages, at the source': readableFrom('destination')<object>(pages.requestDeserialize),
  'pages, at the destination': readableFrom('source')<object>(pages.responseDeserialize),
  'faults, at the source': readableFrom('destination')<object>(faults.requestDeserialize),
};

for (const [name, read] of Object.entries(readers))
  fuzz(`any bytes can be read: ${name}`, fc.uint8Array({ maxLength: 400 }), (bytes) => {
    const message = read(Buffer.from(bytes));
    return !isUnreadable(message) || message.unreadable.code === 'PROTOCOL_VIOLATION';
  });
