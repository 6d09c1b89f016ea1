export * from './instrument.js';
export * from './instruments.js';
export * from './remembered.js';
export * from './trace.js';
