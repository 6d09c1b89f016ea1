// Planted: handlers-translate, by length and by decision
export class ParcelsHandlers {
  long() {
    const one = 1;
    const two = 2;
    const three = 3;
    return one + two + three;
  }

  deciding(input: boolean) {
    if (input) return 1;
    return 2;
  }
}
