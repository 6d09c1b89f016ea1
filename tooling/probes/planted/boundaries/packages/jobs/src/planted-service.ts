// Planted: carriers-know-no-service
import { Order } from '@support101/contracts/orders';

export const order = Order;
