export const open = () => undefined;
export interface Row {
  readonly id: string;
}
