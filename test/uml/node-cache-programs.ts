/** Loads what programs inside user-mode Linux load, and ends: Node then keeps it compiled. */
import '../../harness/cli/main.ts';
import '../../hosts/control-server.ts';
import '../../hosts/hypervisor.ts';
import '../../hosts/network.ts';
import '../../hosts/observer/observer.ts';
import '../../hosts/wan/router.ts';
import '../conformance/link-backend-cases.ts';
import '../support/link-lab.ts';

// Whatever a module has left running: only its code counts here.
process.exit(0);
