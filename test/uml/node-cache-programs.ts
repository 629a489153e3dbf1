/** Loads what programs inside user-mode Linux load, and ends: Node then keeps it compiled. */
import '#harness/cli/main';
import '#hosts/control-server';
import '#hosts/hypervisor';
import '#hosts/network';
import '#hosts/observer/observer';
import '#hosts/wan/router';
import '../conformance/link-backend-cases.ts';
import '../support/link-lab.ts';

// Ends whatever a module has started: only its code matters here.
process.exit(0);
