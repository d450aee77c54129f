import { declarations, type HostTensor, type Program, sameShape } from '../../graph/index.js';
import { BackendError } from '../../support/errors.js';
import type { StateSpec } from '../contracts.js';

/** @throws BackendError if the program reads or changes an entry that the session does not hold as it says */
export function checkState(program: Program, entry: (name: string) => StateSpec): void {
  for (const { name, dtype, shape } of declarations(program, 'state')) {
    const spec = entry(name);
    if (spec.dtype !== dtype || !sameShape(spec.shape, shape))
      throw new BackendError(
        'corrupt-program',
        `the program reads state ${name} as ${dtype} [${shape}], the session holds ${spec.dtype} [${spec.shape}]`,
      );
  }
  for (const name of Object.keys(program.next)) entry(name);
}

/** @throws BackendError if the value is missing, or is not as the program declares it */
export function checkInput(spec: StateSpec, given: HostTensor | undefined): HostTensor {
  if (!given) throw new BackendError('failed', `no value was given for input ${spec.name}`);
  if (given.dtype !== spec.dtype || !sameShape(given.shape, spec.shape))
    throw new BackendError(
      'failed',
      `input ${spec.name} is ${spec.dtype} [${spec.shape}], not ${given.dtype} [${given.shape}]`,
    );
  return given;
}
