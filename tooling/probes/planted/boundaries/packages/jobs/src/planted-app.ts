// Planted: packages-never-import-apps
import { decide } from '../../../apps/shop/src/orders/orders.rules.js';

export const decided = decide;
