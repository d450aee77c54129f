import { fromHost, toHost } from './values.js';

/**
 * @typedef {import('proxy-compression/plugin').StateSpec} StateSpec
 * @typedef {import('proxy-compression/plugin').StateSlice} StateSlice
 * @typedef {import('proxy-compression/plugin').PluginHost} PluginHost
 * @typedef {import('./values.js').Values} Values
 */

/**
 * A session: named tensors, and programs that read and replace them. A value is never changed once it is there, so a
 * snapshot need only remember which values there were.
 *
 * @param {StateSpec[]} specs
 * @param {PluginHost} host
 * @returns {import('proxy-compression/plugin').Session}
 */
export function openSession(specs, { graph, errors }) {
  /** @type {Map<string, Values>} */
  const state = new Map();
  for (const { name, dtype, shape } of specs)
    state.set(name, { dtype, shape, data: new Float64Array(graph.elementCount(shape)) });

  /** @type {(name: string) => Values} */
  const entry = (name) => {
    const values = state.get(name);
    if (values) return values;
    throw new errors.BackendError('corrupt-program', `the session has no state named ${name}`);
  };
  /** @type {(dtype: string) => never} */
  const refuse = (dtype) => {
    throw new errors.BackendError('unsupported-operation', `the reference interpreter has no numbers of ${dtype}`);
  };

  return {
    async load(program) {
      for (const name of [
        ...graph.declarations(program, 'state').map((spec) => spec.name),
        ...Object.keys(program.next),
      ])
        entry(name);
      return {
        async run(steps) {
          return steps.map((inputs) => {
            const given = Object.entries(inputs).map(([name, tensor]) => [name, fromHost(tensor, refuse)]);
            const { outputs, next } = graph.interpret(program, {
              ...Object.fromEntries(state),
              ...Object.fromEntries(given),
            });
            for (const [name, values] of Object.entries(next)) state.set(name, rounded(values));
            return Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, toHost(values, refuse)]));
          });
        },
        async dispose() {},
      };
    },

    snapshot(names = [...state.keys()]) {
      const held = names.map((name) => ({ name, values: entry(name) }));
      return (async function* () {
        for (const { name, values } of held) {
          const { dtype, shape } = values;
          yield { name, dtype, globalShape: [...shape], offset: shape.map(() => 0), tensor: toHost(values, refuse) };
        }
      })();
    },

    async writeState(slices) {
      for await (const slice of slices) state.set(slice.name, written(entry(slice.name), slice));
    },

    async dispose() {
      state.clear();
    },
  };

  /**
   * @param {Values} whole
   * @param {StateSlice} slice
   * @returns {Values} the whole with the slice in its place
   */
  function written(whole, { offset, tensor }) {
    const data = whole.data.slice();
    const { shape, data: numbers } = fromHost(tensor, refuse);
    for (const [i, number] of numbers.entries()) {
      let [rest, place, stride] = [i, 0, 1];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        place += ((rest % shape[axis]) + offset[axis]) * stride;
        rest = Math.floor(rest / shape[axis]);
        stride *= whole.shape[axis];
      }
      data[place] = number;
    }
    return { ...whole, data };
  }
}

/**
 * State is of the type that it says, between runs too: a checkpoint holds all of it.
 *
 * @param {Values} values
 * @returns {Values}
 */
function rounded(values) {
  return values.dtype === 'f32' ? { ...values, data: values.data.map(Math.fround) } : values;
}
