export interface Program {
  readonly operationSet: number;
}
