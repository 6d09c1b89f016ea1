// Planted: source-never-imports-tests
import { fake } from '@support101/testing';

export const planted = fake;
