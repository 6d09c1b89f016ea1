// Clean: an error class has a parent.
export class OrderFailure extends Error {}
export class OrdersService {}
