/** The functions of the weather example. They know nothing of pipelines. */

import { readCsv } from "../shared/csv.ts";
import LinearRegression from "ml-regression-multivariate-linear";

/** Days in columns of equal length. */
export interface Days {
  readonly year: Int16Array;
  readonly rain: Float64Array;
  readonly highest: Float64Array;
  readonly lowest: Float64Array;
  readonly wind: Float64Array;
}

/** One row a day, and the highest temperature of the next day in °C. */
export interface Features {
  readonly rows: number[][];
  readonly today: number[];
  readonly tomorrow: number[];
}

/** What the regression writes about itself: plain data, so that it can be kept in a cache. */
export type Model = ReturnType<LinearRegression["toJSON"]>;

/** Reads the CSV file. */
export function parse(csv: string): Days {
  const { dates, column } = readCsv("the weather", csv, ["precipitation", "temp_max", "temp_min", "wind"]);
  return {
    year: Int16Array.from(dates, (date) => Number(date.slice(0, 4))),
    rain: column("precipitation"),
    highest: column("temp_max"),
    lowest: column("temp_min"),
    wind: column("wind"),
  };
}

/** The days of some years. */
export function selectYears(days: Days, [first, last]: readonly [number, number]): Days {
  const start = days.year.findIndex((year) => year >= first);
  const end = days.year.findLastIndex((year) => year <= last) + 1;
  const { year, rain, highest, lowest, wind } = days;
  const cut = (column: Float64Array) => column.slice(start, end);
  return { year: year.slice(start, end), rain: cut(rain), highest: cut(highest), lowest: cut(lowest), wind: cut(wind) };
}

/** The average of each day's highest temperature and those of the days before it, `window` days in all. */
export function rollingAverage({ highest }: Days, window: number): Float64Array {
  return highest.map((_, day) => {
    const days = highest.subarray(Math.max(0, day + 1 - window), day + 1);
    return days.reduce((sum, value) => sum + value) / days.length;
  });
}

/** What is known on a day, and what is to be predicted. The last day has no next one. */
export function assemble(days: Days, averages: Float64Array): Features {
  const count = averages.length - 1;
  const rows = Array.from({ length: count }, (_, day) => {
    const season = 2 * Math.PI * day / 365.25;
    const weather = [days.highest[day], days.lowest[day], days.wind[day], Math.log1p(days.rain[day]), averages[day]];
    return [...weather, Math.cos(season), Math.sin(season)];
  });
  return { rows, today: [...days.highest.subarray(0, count)], tomorrow: [...days.highest.subarray(1)] };
}

/** Fits a linear regression. */
export function fit({ rows, tomorrow }: Features): Model {
  return new LinearRegression(rows, tomorrow.map((value) => [value])).toJSON();
}

/** Predicts the next day's highest temperature, in °C. */
export function predict({ rows }: Features, model: Model): number[] {
  return LinearRegression.load(model).predict(rows).map(([value]) => value);
}

/** Average errors in °C: of the predictions, and of saying that tomorrow will be like today. */
export interface Errors {
  readonly ours: number;
  readonly lazy: number;
}

/** Compares predictions with what came. */
export function score(predictions: number[], { today, tomorrow }: Features): Errors {
  const error = (guesses: number[]) =>
    guesses.reduce((sum, guess, day) => sum + Math.abs(guess - tomorrow[day]), 0) / guesses.length;
  return { ours: error(predictions), lazy: error(today) };
}
