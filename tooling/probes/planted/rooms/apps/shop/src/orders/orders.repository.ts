export class OrdersRepository {
  find(tx: object, id: string) {
    return [tx, id, this.rows()];
  }

  private rows() {
    return [];
  }
}
