//! From samples to one table: what each figure is, its target, and whether it holds.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::compare::{Asked, CaseName, Footprint, Sample};
use crate::subject::{DIRECT, NGINX, SLUICE};

/// What is taken from the samples of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Figure {
    /// CPU time per unit.
    Cpu,
    /// Answers per second.
    Rate,
    /// Median latency over that of the upstream itself in the same round.
    AddedMedian,
    /// 99th percentile over that of the upstream itself in the same round.
    AddedSlow,
    /// Median time to the first body byte over that of the upstream itself in the same round.
    AddedFirst,
}

/// What a figure is held to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    /// At most this many times the floor's figure.
    TimesFloor(f64),
    /// At most this many times what the floor needs to pass a stream on as it is.
    TimesFloorOfStream(f64),
    /// At least this many times the floor's figure.
    ShareOfFloor(f64),
    /// At most this, in the figure's own unit.
    AtMost(f64),
}

/// One line of the table as it is meant.
#[derive(Clone, Copy)]
struct Line {
    title: &'static str,
    case: CaseName,
    asked: Asked,
    figure: Figure,
    target: Target,
    /// CPU time is gated; what the wall clock says drifts on a shared machine and is reported.
    gated: bool,
}

const fn gated(title: &'static str, case: CaseName, asked: Asked, target: Target) -> Line {
    Line { title, case, asked, figure: Figure::Cpu, target, gated: true }
}

const fn told(title: &'static str, case: CaseName, figure: Figure, target: Target) -> Line {
    Line { title, case, asked: Asked::ByName, figure, target, gated: false }
}

use CaseName::{
    Agent, StreamAlone, StreamMany, TranslatedAgent, TranslatedMany, TranslatedStreamMany, WholeAlone,
    WholeMany,
};
use Target::{AtMost, ShareOfFloor, TimesFloor, TimesFloorOfStream};

/// Every line and target.
const LINES: [Line; 15] = [
    gated("1 KB JSON, 1 connection: CPU µs", WholeAlone, Asked::ByName, TimesFloor(2.0)),
    gated("  by alias", WholeAlone, Asked::ByAlias, TimesFloor(2.0)),
    gated("1 KB JSON, 32 connections: CPU µs", WholeMany, Asked::ByName, TimesFloor(2.4)),
    gated("  by alias", WholeMany, Asked::ByAlias, TimesFloor(2.4)),
    gated("50-chunk stream, 32 connections: CPU µs per event", StreamMany, Asked::ByName, TimesFloor(1.5)),
    gated("400 KB agent body: CPU µs", Agent, Asked::ByName, AtMost(700.0)),
    gated("  by alias", Agent, Asked::ByAlias, AtMost(700.0)),
    gated("Messages → Chat, 1 KB JSON, 32 connections: CPU µs", TranslatedMany, Asked::ByName, AtMost(80.0)),
    gated(
        "Messages → Chat, 50-chunk stream, 32 connections: CPU µs per event",
        TranslatedStreamMany,
        Asked::ByName,
        // 10 µs on a machine where nginx passes an event on for 5.5. Absolute times drift; this ratio does not.
        TimesFloorOfStream(10.0 / 5.5),
    ),
    gated("Messages → Chat, 400 KB agent body: CPU µs", TranslatedAgent, Asked::ByName, AtMost(2000.0)),
    told("50-chunk stream, 1 connection: CPU µs per event", StreamAlone, Figure::Cpu, TimesFloor(1.5)),
    told("requests a second, 32 connections", WholeMany, Figure::Rate, ShareOfFloor(0.42)),
    told("added median, 1 connection: µs", WholeAlone, Figure::AddedMedian, AtMost(90.0)),
    told("added 99th percentile, 1 connection: µs", WholeAlone, Figure::AddedSlow, AtMost(250.0)),
    told(
        "added to the first streamed content, 1 connection: µs",
        StreamAlone,
        Figure::AddedFirst,
        AtMost(150.0),
    ),
];

/// A figure over all rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Span {
    /// The best round.
    best: f64,
    /// The round in the middle.
    median: f64,
}

impl Span {
    /// What is held to the target. Other work on the machine can only add to a cost, so its best round is
    /// nearest the truth; a difference of two latencies can be too small as easily as too large.
    fn judged(self, figure: Figure) -> f64 {
        match figure {
            Figure::Cpu | Figure::Rate => self.best,
            Figure::AddedMedian | Figure::AddedSlow | Figure::AddedFirst => self.median,
        }
    }
}

/// One line of the table with its figures.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    title: &'static str,
    figure: Figure,
    target: Target,
    gated: bool,
    /// In the order of the report's gateways.
    spans: Vec<Option<Span>>,
    /// Ours over the floor's.
    ratio: Option<f64>,
    /// Whether the target is missed; none where we were not measured.
    over: Option<bool>,
}

/// Everything that was measured and what it means.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    gateways: Vec<String>,
    rows: Vec<Row>,
    footprints: Vec<Footprint>,
    samples: Vec<Sample>,
}

impl Report {
    /// Sums the samples up.
    pub(crate) fn new(samples: Vec<Sample>, footprints: Vec<Footprint>) -> Self {
        let gateways: Vec<_> = footprints.iter().map(|footprint| footprint.subject.clone()).collect();
        let rows = LINES.iter().map(|line| row(line, &gateways, &samples)).collect();
        Self { gateways, rows, footprints, samples }
    }

    /// Writes everything as JSON.
    pub(crate) fn save(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Whether a gated figure misses its target.
    pub(crate) fn is_over(&self) -> bool {
        self.rows.iter().any(|row| row.gated && row.over == Some(true))
    }
}

fn row(line: &Line, gateways: &[String], samples: &[Sample]) -> Row {
    let spans: Vec<_> = gateways.iter().map(|gateway| span(line, gateway, samples)).collect();
    let of = |name: &str| {
        let index = gateways.iter().position(|gateway| gateway == name)?;
        spans[index].map(|span: Span| span.judged(line.figure))
    };
    let (floor, ours) = match line.target {
        TimesFloorOfStream(_) => {
            let plain = Line { case: StreamMany, ..*line };
            (span(&plain, NGINX, samples).map(|span| span.judged(line.figure)), of(SLUICE))
        }
        TimesFloor(_) | ShareOfFloor(_) | AtMost(_) => (of(NGINX), of(SLUICE)),
    };
    let ratio = ours.zip(floor).map(|(ours, floor)| ours / floor);
    let over = match line.target {
        TimesFloor(most) | TimesFloorOfStream(most) => ratio.map(|ratio| ratio > most),
        ShareOfFloor(least) => ratio.map(|ratio| ratio < least),
        AtMost(most) => ours.map(|ours| ours > most),
    };
    Row { title: line.title, figure: line.figure, target: line.target, gated: line.gated, spans, ratio, over }
}

fn span(line: &Line, gateway: &str, samples: &[Sample]) -> Option<Span> {
    // Only Sluice knows aliases; the others' plain figure stands beside its own.
    let asked = if gateway == SLUICE { line.asked } else { Asked::ByName };
    let mut values: Vec<f64> = samples
        .iter()
        .filter(|sample| sample.case == line.case && sample.subject == gateway && sample.asked == asked)
        .filter_map(|sample| value(line.figure, sample, samples))
        .collect();
    values.sort_by(f64::total_cmp);
    let best = match line.figure {
        Figure::Rate => values.last(),
        Figure::Cpu | Figure::AddedMedian | Figure::AddedSlow | Figure::AddedFirst => values.first(),
    };
    Some(Span { best: *best?, median: values[values.len() / 2] })
}

fn value(figure: Figure, sample: &Sample, samples: &[Sample]) -> Option<f64> {
    let added = |latency: fn(&Sample) -> f64| {
        let direct = samples.iter().find(|other| {
            other.subject == DIRECT && other.case == sample.case && other.round == sample.round
        });
        direct.map(|direct| latency(sample) - latency(direct))
    };
    match figure {
        Figure::Cpu => sample.cpu_us,
        Figure::Rate => Some(rate(sample)),
        Figure::AddedMedian => added(|sample| sample.tally.latency.p50),
        Figure::AddedSlow => added(|sample| sample.tally.latency.p99),
        Figure::AddedFirst => added(|sample| sample.tally.first_content.p50),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds are far below 2^52")]
fn rate(sample: &Sample) -> f64 {
    sample.tally.requests as f64 / sample.tally.seconds
}

/// The report for people: the best round of each figure, the median in brackets.
pub(crate) fn table(report: &Report) -> String {
    let mut cells = vec![heading(&report.gateways)];
    cells.extend(report.rows.iter().filter(|row| row.spans.iter().any(Option::is_some)).map(figures));
    cells.extend(footprint_rows(&report.footprints));
    aligned(&cells)
}

fn heading(gateways: &[String]) -> Vec<String> {
    let mut cells = vec!["best round (median)".to_owned()];
    cells.extend(gateways.iter().cloned());
    cells.extend(["ratio", "target", ""].map(str::to_owned));
    cells
}

fn figures(row: &Row) -> Vec<String> {
    let mut cells = vec![row.title.to_owned()];
    cells.extend(row.spans.iter().map(|span| span.map_or_else(String::new, shown)));
    cells.push(row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")));
    cells.push(match row.target {
        TimesFloor(most) => format!("≤ {most:.1} × nginx"),
        TimesFloorOfStream(most) => format!("≤ {most:.2} × nginx untranslated"),
        ShareOfFloor(least) => format!("≥ {least:.2} × nginx"),
        AtMost(most) => format!("≤ {most:.0}"),
    });
    cells.push(verdict(row).to_owned());
    cells
}

fn verdict(row: &Row) -> &'static str {
    match (row.over, row.gated) {
        (Some(false), _) => "ok",
        (Some(true), true) => "OVER",
        (Some(true), false) => "over (not gated)",
        (None, _) => "",
    }
}

fn shown(span: Span) -> String {
    format!("{} ({})", number(span.best), number(span.median))
}

/// Writes a figure with as many digits as it is worth.
pub(crate) fn number(value: f64) -> String {
    if value.abs() < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

fn footprint_rows(footprints: &[Footprint]) -> Vec<Vec<String>> {
    let line = |title: &str, figure: fn(&Footprint) -> f64, target: &str| {
        let mut cells = vec![title.to_owned()];
        cells.extend(footprints.iter().map(|footprint| number(figure(footprint))));
        cells.extend([String::new(), target.to_owned()]);
        cells
    };
    vec![
        line("start to first connection: ms", |footprint| footprint.start_ms, "≤ 50"),
        line("idle memory before the load: MiB", |footprint| footprint.idle_mib, "≤ 10"),
        line("memory right after the load: MiB", |footprint| footprint.loaded_mib, ""),
    ]
}

/// Pads each column to its widest cell: text to the left, figures to the right.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let is_text = column == 0 || column + 2 >= columns;
            let padding = " ".repeat(width - cell.chars().count());
            let _infallible =
                if is_text { write!(line, "{cell}{padding}  ") } else { write!(line, "{padding}{cell}  ") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Spread, Tally};

    fn sample(subject: &str, asked: Asked, round: usize, cpu_us: f64) -> Sample {
        let latency = Spread { min: 1.0, p50: cpu_us * 2.0, p99: cpu_us * 3.0 };
        let tally = Tally { requests: 100, units: 100, seconds: cpu_us, latency, first_content: latency };
        Sample { case: WholeAlone, asked, subject: subject.to_owned(), round, cpu_us: Some(cpu_us), tally }
    }

    fn footprint(subject: &str) -> Footprint {
        Footprint { subject: subject.to_owned(), start_ms: 1.0, idle_mib: 2.0, loaded_mib: 3.0 }
    }

    fn report(sluice_by_name: f64, sluice_by_alias: f64) -> Report {
        let mut samples =
            vec![sample(DIRECT, Asked::ByName, 0, 10.0), sample(DIRECT, Asked::ByName, 1, 20.0)];
        samples.extend([sample(NGINX, Asked::ByName, 0, 30.0), sample(NGINX, Asked::ByName, 1, 25.0)]);
        samples.push(sample(SLUICE, Asked::ByName, 0, sluice_by_name));
        samples.push(sample(SLUICE, Asked::ByAlias, 0, sluice_by_alias));
        Report::new(samples, vec![footprint(NGINX), footprint(SLUICE)])
    }

    #[test]
    fn the_gate_judges_the_best_rounds_ratio_by_name_and_by_alias() {
        let rows = [(50.0, 50.0, false), (50.1, 50.0, true), (50.0, 50.1, true), (10.0, 10.0, false)];
        for (by_name, by_alias, over) in rows {
            assert_eq!(report(by_name, by_alias).is_over(), over, "{by_name} by name, {by_alias} by alias");
        }
    }

    #[test]
    fn an_alias_is_compared_with_the_floors_plain_figure() {
        let report = report(40.0, 45.0);
        assert_eq!(report.rows[1].spans[0], Some(Span { best: 25.0, median: 30.0 }));
        assert_eq!(report.rows[1].ratio, Some(45.0 / 25.0));
    }

    #[test]
    fn a_translated_event_is_held_to_what_nginx_needs_for_one_that_passes_as_it_is() {
        for (ours, over) in [(45.4, false), (45.5, true)] {
            let floor = Sample { case: StreamMany, ..sample(NGINX, Asked::ByName, 0, 25.0) };
            let ours = Sample { case: TranslatedStreamMany, ..sample(SLUICE, Asked::ByName, 0, ours) };
            let report = Report::new(vec![floor, ours], vec![footprint(NGINX), footprint(SLUICE)]);
            assert_eq!(report.is_over(), over);
        }
    }

    #[test]
    fn added_latency_is_over_the_upstream_of_the_same_round() {
        let report = report(40.0, 45.0);
        let row = report
            .rows
            .iter()
            .find(|row| row.figure == Figure::AddedMedian)
            .expect("the row is in the table");
        // Round 0: 2 × 30 − 2 × 10; round 1: 2 × 25 − 2 × 20.
        assert_eq!(row.spans[0], Some(Span { best: 10.0, median: 40.0 }));
    }

    #[test]
    fn cases_that_did_not_run_have_no_line_and_no_verdict() {
        let report = report(40.0, 45.0);
        assert!(report.rows.iter().any(|row| row.over.is_none()));
        assert!(!table(&report).contains("stream"));
        assert!(table(&report).contains("1 KB JSON, 1 connection"));
    }

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a", "1.0", "x", "ok"], vec!["long title", "100", "≤ 2", ""]];
        let rows = rows.map(|row| row.into_iter().map(str::to_owned).collect());
        assert_eq!(aligned(&rows), "a           1.0  x    ok\nlong title  100  ≤ 2\n");
    }
}
