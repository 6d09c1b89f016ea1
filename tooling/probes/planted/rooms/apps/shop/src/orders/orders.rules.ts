// Clean: time is handed in, and a property may be called process.
export const due = (order: { process: { at: Date } }, now: Date) => new Date(order.process.at.getTime() + now.getTime());
