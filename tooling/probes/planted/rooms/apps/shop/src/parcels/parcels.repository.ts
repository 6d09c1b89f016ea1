// Planted: repositories-take-tx
export class ParcelsRepository {
  find(id: string) {
    return id;
  }
}
