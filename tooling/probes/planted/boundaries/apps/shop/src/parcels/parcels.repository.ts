export class ParcelsRepository {
  readonly rows: readonly string[] = [];
}
