export interface PrismaClient {
  readonly orders: object;
}
