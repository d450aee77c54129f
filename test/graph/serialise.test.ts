import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeProgramFile, encodeProgramFile } from '../../src/checkpoints/index.js';
import * as g from '../../src/graph/index.js';
import type { Program } from '../../src/graph/program.js';
import { CheckpointError, ProgramError } from '../../src/support/errors.js';
import { operationPrograms } from './program-cases.js';

const PROGRAMS = operationPrograms();
/** As any reader gets it: the document went through JSON. */
const document = (program: Program) => JSON.parse(JSON.stringify(g.serialiseProgram(program).document));

/** Reads and writes state, has a scope and what flows through it backwards. */
function step(): Program {
  const [w, x] = [g.state('w', 'f32', [3, 2]), g.input('x', 'i32', [4])];
  const y = g.inScope('layers.0', () => g.silu(g.gather(w, x)));
  const [dw] = g.gradients(g.sum(y), [w]);
  return g.makeProgram({ outputs: { y }, next: { w: g.subtract(w, dw!) } });
}

describe('a serialised program', () => {
  it.each(PROGRAMS)('is the same program when it is read: $name', ({ program }) => {
    expect(decodeProgramFile(encodeProgramFile(program), 'program')).toEqual(program);
  });

  it('keeps state, what becomes of it, and the parts of the model', () => {
    const program = step();
    expect(decodeProgramFile(encodeProgramFile(program), 'program')).toEqual(program);
    expect(new Set(document(program).nodes.map(({ scope }: { scope?: string }) => scope))).toEqual(
      new Set([undefined, 'layers.0', "layers.0'"]),
    );
  });

  it('holds the values of constants, whatever their type', () => {
    const values = [
      g.hostTensor('i32', [1, -2]),
      g.hostTensor('bool', [1, 0, 1]),
      g.hostTensor('f32', [Number.NaN], []),
    ];
    const bf16 = { dtype: 'bf16', shape: [1, 2], bytes: Uint8Array.of(0x80, 0x3f, 0, 0xc0) } as const;
    const outputs = Object.fromEntries(
      [...values, { ...bf16, shape: [...bf16.shape] }].map((value, index) => [`y${index}`, g.constant(value)]),
    );
    const program = g.makeProgram({ outputs });
    expect(decodeProgramFile(encodeProgramFile(program), 'program')).toEqual(program);
  });
});

describe('a document that is no program', () => {
  const refusal = (change: (read: ReturnType<typeof document>) => void) => {
    const program = step();
    const changed = document(program);
    change(changed);
    return () => g.deserialiseProgram(changed, g.serialiseProgram(program).constants);
  };

  it.each<[string, (read: ReturnType<typeof document>) => void, RegExp]>([
    ['of a newer version', (d) => (d.version = 2), /version 2 of the format.*reads 1/],
    ['of another operation set', (d) => (d.operationSet = 9), /operation set 9/],
    ['with an unknown operation', (d) => (d.nodes[0].op = 'toString'), /node 0 has the operation "toString"/],
    ['with a missing operand', (d) => (d.nodes.at(-1).operands = [0]), /subtract, has 1 operands/],
    ['with a later operand', (d) => (d.nodes[2].operands[0] = 5), /node 2, .*, uses node 5/],
    ['with another shape', (d) => (d.nodes.at(-1).shape = [2, 3]), /is f32 \[3, 2\], not f32 \[2, 3\]/],
    ['with a wrong attribute', (d) => (d.nodes[0].attributes.dtype = 'f64'), /node 0, state/],
    ['with a result that is no node', (d) => (d.outputs.y = 400), /y is node 400 of/],
    ['with something more', (d) => (d.more = 1), /the document/],
  ])('is refused: %s', (_, change, message) => {
    expect(refusal(change)).toThrow(ProgramError);
    expect(refusal(change)).toThrow(message);
  });

  it('is refused where the value of a constant is missing', () => {
    const { document, constants } = g.serialiseProgram(g.makeProgram({ outputs: { y: g.scalar(1) } }));
    constants.clear();
    expect(() => g.deserialiseProgram(document, constants)).toThrow('"constant.0", which is missing');
  });

  it('is refused with a typed error, or a program that serialises again, however a file is damaged', () => {
    const files = PROGRAMS.map(({ program }) => encodeProgramFile(program));
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        (file, damage) => {
          const damaged = file.slice();
          for (const [at, value] of damage) damaged[at % damaged.length] = value;
          try {
            encodeProgramFile(decodeProgramFile(damaged, 'program'));
          } catch (error) {
            if (!(error instanceof ProgramError || error instanceof CheckpointError)) throw error;
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
