// What one product can be asked one suite after the other, each with tenants of its own.
import { afterAll } from '@jest/globals';
import { removeProduct } from './standing-product.js';
// In this order: the first expects no dead letter anywhere, the last lets the product crash.
import './bad-input.conformance-spec.js';
import './rights.conformance-spec.js';
import './audit-export.conformance-spec.js';
import './webhooks.conformance-spec.js';

afterAll(removeProduct, 30_000);
