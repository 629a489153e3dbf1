import { createNfqueueBackend } from '#hosts/wan/nfqueue';
import { linkBackendConformance } from '../conformance/link-backend.ts';

const isRoot = process.getuid?.() === 0;
const support = isRoot ? await createNfqueueBackend().probe() : { supported: false, reason: 'needs root' };
linkBackendConformance('nfqueue', support.supported ? null : support.reason);
