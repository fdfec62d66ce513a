export type { ChartAxis, Interval, LineChartOptions, Series } from './chart-options.ts';
export { decisionFigure } from './decision-figure.ts';
export type { DecisionFigureOptions, DecisionPanel } from './decision-options.ts';
export { type Grid, gridNodes } from './grid.ts';
export { lineChart } from './line-chart.ts';
export type { Points } from './panel.ts';
