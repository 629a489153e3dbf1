// livemig consists of ES modules, which Jest runs as they are: by --experimental-vm-modules, and without a transform.
export default { transform: {}, testTimeout: 60_000 };
