/** The tensor program: build a graph, differentiate it, and lay it out as a program that any backend can run. */
export { gradients } from './autodiff.js';
export * from './composites.js';
export { interpret } from './interpreter.js';
export { type CompositeName, inScope, isOperation, type Node, type OperationName, type PrimitiveName } from './node.js';
export * from './operations.js';
export { optimise, rematerialise } from './passes.js';
export { declarations, makeProgram, OPERATION_SET, type Program, type ProgramNode, programRoots } from './program.js';
export { deserialiseProgram, serialiseProgram } from './serialise.js';
export * from './tensor.js';
