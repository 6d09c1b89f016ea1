// Clean: tests may use fakes.
import { fake } from '@support101/testing';
import { OrdersService } from './orders.service.js';

export const tested = [fake, OrdersService];
