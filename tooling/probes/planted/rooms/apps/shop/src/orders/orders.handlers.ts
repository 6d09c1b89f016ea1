export class OrdersHandlers {
  async remove(input: unknown) {
    await Promise.resolve(input);
    return {};
  }
}
