import { id } from './ids.js';

/** Planted: no-enum */
export enum Shade {
  Red,
}

// Planted: exports-have-a-sentence
export interface Silent {
  readonly silent: true;
}

/** Clean: a sentence. */
export const colours = ['red', 'green'] as const;

export type Colour = (typeof colours)[number];

export const ColourId = id('col');
