// Planted: no-base-class
export class ParcelsService extends Object {}
