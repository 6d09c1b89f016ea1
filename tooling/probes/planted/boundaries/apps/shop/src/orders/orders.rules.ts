// Clean: types of packages, contracts, rules of the capability.
import { Order } from '@support101/contracts/orders';
import type { open } from '@support101/database';

export const decide = (order: typeof Order, opened: typeof open) => [order, opened];
