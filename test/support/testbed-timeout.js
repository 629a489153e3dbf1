// Testbed tests bring up real hosts on real links, maybe on a busy machine: a bound against hanging, not an expectation.
import { jest } from '@jest/globals';

jest.setTimeout(180_000);
