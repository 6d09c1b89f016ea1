// Planted: doors-do-not-reach-repositories
import { OrdersRepository } from './orders.repository.js';

export class OrdersHandlers {
  repository = OrdersRepository;
}
