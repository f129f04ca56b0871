//! Schedules as EventBridge writes them: `rate(5 minutes)`, `cron(0 12 * * ? *)`.
//!
//! Grammar and fields follow the user guide's page on scheduled rules: six fields, in UTC; one of day of month and day of week is `?`.
//! Runs begin with the year 2026.

use crate::time::{SECOND, Span, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// When something happens again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    when: When,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    Rate(Span),
    Cron(Box<Cron>),
}

/// Moments by their parts. Sets of numbers are bits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cron {
    minutes: u64,
    hours: u64,
    months: u64,
    /// By distance from 1970.
    years: Vec<bool>,
    days: Days,
}

/// On which days.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    /// Of a month.
    OfMonth(Vec<MonthDay>),
    /// Of a week.
    OfWeek(Vec<WeekDay>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MonthDay {
    /// Any of these, as bits.
    Set(u64),
    /// The last.
    Last,
    /// The last from Monday to Friday.
    LastWork,
    /// The one from Monday to Friday that is nearest to this one, within the month.
    Nearest(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WeekDay {
    /// Any of these from 1, Sunday, as bits.
    Set(u64),
    /// The last such day of a month.
    Last(u32),
    /// The n-th such day of a month.
    Nth(u32, u32),
}

const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;
/// The year with which runs begin; its first day is a Thursday.
const FIRST_YEAR: u32 = 2026;
const FIRST_DAY_OF_WEEK: u64 = 5;
const YEARS: (u32, u32) = (1970, 2199);
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEK: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Schedule {
    /// Once a minute.
    pub fn each_minute() -> Schedule {
        Schedule { text: "rate(1 minute)".to_owned(), when: When::Rate(Span(MINUTE)) }
    }

    /// The first moment later than `now`; none if there is no other.
    pub fn next(&self, now: Time) -> Option<Time> {
        match &self.when {
            When::Rate(every) => now.0.checked_add(every.0).map(Time),
            When::Cron(cron) => cron.next(now),
        }
    }

    /// How often it happens within so many seconds, per second.
    pub fn mean_rate(&self, seconds: f64) -> f64 {
        match &self.when {
            When::Rate(every) => 1.0 / every.seconds(),
            When::Cron(_) => {
                let (mut now, mut count) = (Time::ZERO, 0_u32);
                while let Some(at) = self.next(now).filter(|at| at.seconds() <= seconds && count < 100_000) {
                    (now, count) = (at, count + 1);
                }
                f64::from(count) / seconds
            }
        }
    }
}

impl Cron {
    fn next(&self, now: Time) -> Option<Time> {
        let (mut day, mut minute) = (now.0 / DAY, now.0 % DAY / MINUTE + 1);
        let mut date = Date::of(day);
        while date.year <= YEARS.1 {
            if self.has_day(&date, day) {
                while minute < 24 * 60 {
                    if has(self.hours, (minute / 60) as u32) && has(self.minutes, (minute % 60) as u32) {
                        return day.checked_mul(DAY).and_then(|at| at.checked_add(minute * MINUTE)).map(Time);
                    }
                    minute += 1;
                }
            }
            (day, minute) = (day + 1, 0);
            date.forward();
        }
        None
    }

    fn has_day(&self, date: &Date, day: u64) -> bool {
        let week = weekday(day);
        self.years.get((date.year - YEARS.0) as usize) == Some(&true)
            && has(self.months, date.month)
            && match &self.days {
                Days::OfMonth(days) => days.iter().any(|one| match one {
                    MonthDay::Set(set) => has(*set, date.day),
                    MonthDay::Last => date.day == date.length(),
                    MonthDay::LastWork => date.day == date.nearest_work(date.length(), day),
                    MonthDay::Nearest(wanted) => date.day == date.nearest_work(*wanted, day),
                }),
                Days::OfWeek(days) => days.iter().any(|one| match one {
                    WeekDay::Set(set) => has(*set, week),
                    WeekDay::Last(wanted) => week == *wanted && date.day + 7 > date.length(),
                    WeekDay::Nth(wanted, nth) => week == *wanted && date.day.div_ceil(7) == *nth,
                }),
            }
    }
}

/// From 1, Sunday, by days since the start.
fn weekday(day: u64) -> u32 {
    ((FIRST_DAY_OF_WEEK - 1 + day) % 7) as u32 + 1
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug)]
struct Date {
    year: u32,
    month: u32,
    day: u32,
}

impl Date {
    fn of(days: u64) -> Date {
        let mut date = Date { year: FIRST_YEAR, month: 1, day: 1 };
        let mut left = days;
        loop {
            let length = if leap(date.year) { 366 } else { 365 };
            if left < length {
                break;
            }
            left -= length;
            date.year += 1;
        }
        while left >= u64::from(date.length()) {
            left -= u64::from(date.length());
            date.month += 1;
        }
        Date { day: left as u32 + 1, ..date }
    }

    fn forward(&mut self) {
        self.day += 1;
        if self.day > self.length() {
            (self.day, self.month) = (1, self.month + 1);
        }
        if self.month > 12 {
            (self.month, self.year) = (1, self.year + 1);
        }
    }

    fn length(&self) -> u32 {
        match self.month {
            2 if leap(self.year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The day from Monday to Friday that is nearest to a day of this month, without leaving it. `own` is this day since the start.
    fn nearest_work(&self, wanted: u32, own: u64) -> u32 {
        let wanted = wanted.min(self.length());
        match weekday(own + 7 * 5 + u64::from(wanted) - u64::from(self.day)) {
            // Sunday: Monday, or the Friday before at the month's end.
            1 if wanted == self.length() => wanted - 2,
            1 => wanted + 1,
            // Saturday: Friday, or the Monday after at the month's beginning.
            7 if wanted == 1 => 3,
            7 => wanted - 1,
            _ => wanted,
        }
    }
}

fn leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn has(set: u64, number: u32) -> bool {
    set >> number & 1 == 1
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Schedule, String> {
        let given = text.trim();
        let inside = |word: &str| given.strip_prefix(word).and_then(|rest| rest.strip_prefix('(')).and_then(|rest| rest.strip_suffix(')'));
        let when = match (inside("rate"), inside("cron")) {
            (Some(rate), _) => When::Rate(rate_of(rate)?),
            (_, Some(cron)) => When::Cron(Box::new(cron_of(cron)?)),
            _ => return Err("expected a schedule such as `rate(5 minutes)` or `cron(0 12 * * ? *)`".to_owned()),
        };
        Ok(Schedule { text: given.to_owned(), when })
    }
}

fn rate_of(text: &str) -> Result<Span, String> {
    let mut words = text.split_whitespace();
    let (Some(value), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return Err(format!("expected a number and a unit, as in `rate(5 minutes)`, not `rate({text})`"));
    };
    let number: u64 =
        value.parse().ok().filter(|n| (1..=1_000_000).contains(n)).ok_or_else(|| format!("`{value}` is no whole number above 0"))?;
    let (minutes, singular) = match unit {
        "minute" | "minutes" => (1, unit == "minute"),
        "hour" | "hours" => (60, unit == "hour"),
        "day" | "days" => (24 * 60, unit == "day"),
        _ => return Err(format!("`{unit}` is no unit of a rate: it is minutes, hours or days")),
    };
    if singular != (number == 1) {
        let right = if singular { format!("{unit}s") } else { unit.trim_end_matches('s').to_owned() };
        return Err(format!("write `rate({number} {right})`: the unit is singular for 1 and only then"));
    }
    Ok(Span(number.saturating_mul(minutes * MINUTE)))
}

fn cron_of(text: &str) -> Result<Cron, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, day, month, week, year] = fields[..] else {
        return Err(format!(
            "a cron expression has six fields (minutes, hours, day of month, month, day of week, year), not {}",
            fields.len()
        ));
    };
    let days = match (day, week) {
        ("?", "?") => return Err("day of month and day of week cannot both be `?`".to_owned()),
        (day, "?") => Days::OfMonth(list(day, month_day)?),
        ("?", week) => Days::OfWeek(list(week, week_day)?),
        _ => return Err("one of day of month and day of week has to be `?`".to_owned()),
    };
    let years = list(year, |item| Ok(range(item, "year", YEARS, &[])?.collect::<Vec<_>>()))?;
    let mut known = vec![false; (YEARS.1 - YEARS.0 + 1) as usize];
    years.into_iter().flatten().for_each(|year| known[(year - YEARS.0) as usize] = true);
    Ok(Cron {
        minutes: set(minutes, "minutes", (0, 59), &[])?,
        hours: set(hours, "hours", (0, 23), &[])?,
        months: set(month, "month", (1, 12), &MONTHS)?,
        years: known,
        days,
    })
}

fn list<T>(text: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(item).collect()
}

fn set(text: &str, field: &str, bounds: (u32, u32), names: &[&str]) -> Result<u64, String> {
    let items = list(text, |item| Ok(range(item, field, bounds, names)?.fold(0, |set, n| set | 1 << n)))?;
    Ok(items.into_iter().fold(0, |all, one| all | one))
}

/// `*`, `5`, `1-5`, `0/15`, `1-30/2`, `*/5`, with names where a field has them.
fn range(item: &str, field: &str, bounds: (u32, u32), names: &[&str]) -> Result<impl Iterator<Item = u32> + use<>, String> {
    let number = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text)).map(|i| i as u32 + bounds.0);
        let number = named.or_else(|| text.parse().ok().filter(|n| (bounds.0..=bounds.1).contains(n)));
        number.ok_or_else(|| format!("`{text}` is not in {field}, which go from {} to {}", bounds.0, bounds.1))
    };
    let (span, step) = match item.split_once('/') {
        Some((span, step)) => {
            let steps = step.parse::<u32>().ok().filter(|step| (1..=bounds.1.max(1)).contains(step));
            (span, Some(steps.ok_or_else(|| format!("`{step}` is no step in {field}"))?))
        }
        None => (item, None),
    };
    let (from, to) = match span.split_once('-') {
        _ if span == "*" => bounds,
        Some((from, to)) => (number(from)?, number(to)?),
        None => {
            let from = number(span)?;
            (from, if step.is_some() { bounds.1 } else { from })
        }
    };
    if from > to {
        return Err(format!("`{item}` in {field} ends before it begins"));
    }
    Ok((from..=to).step_by(step.unwrap_or(1) as usize))
}

fn month_day(item: &str) -> Result<MonthDay, String> {
    const FIELD: &str = "days of a month";
    match item {
        "L" => Ok(MonthDay::Last),
        "LW" => Ok(MonthDay::LastWork),
        _ => match item.strip_suffix('W') {
            Some(day) => range(day, FIELD, (1, 31), &[])?.next().map(MonthDay::Nearest).ok_or_else(String::new),
            None => Ok(MonthDay::Set(range(item, FIELD, (1, 31), &[])?.fold(0, |set, n| set | 1 << n))),
        },
    }
}

fn week_day(item: &str) -> Result<WeekDay, String> {
    const FIELD: &str = "days of a week";
    let one = |text: &str| range(text, FIELD, (1, 7), &WEEK)?.next().ok_or_else(String::new);
    if item == "L" {
        return Ok(WeekDay::Set(1 << 7));
    }
    if let Some((day, nth)) = item.split_once('#') {
        let nth =
            nth.parse().ok().filter(|n| (1..=5).contains(n)).ok_or_else(|| format!("`#{nth}` is none of the five weeks of a month"))?;
        return Ok(WeekDay::Nth(one(day)?, nth));
    }
    match item.strip_suffix('L') {
        Some(day) => Ok(WeekDay::Last(one(day)?)),
        None => Ok(WeekDay::Set(range(item, FIELD, (1, 7), &WEEK)?.fold(0, |set, n| set | 1 << n))),
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Schedule, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|why| de::Error::custom(format!("`{text}` is no schedule: {why}")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The first moments of a schedule, as month-day hour:minute.
    fn moments(text: &str, count: usize) -> Vec<String> {
        let schedule: Schedule = text.parse().unwrap();
        let mut now = Time::ZERO;
        let mut next = || {
            now = schedule.next(now)?;
            let (date, minute) = (Date::of(now.0 / DAY), now.0 % DAY / MINUTE);
            Some(format!("{}-{:02}-{:02} {:02}:{:02}", date.year, date.month, date.day, minute / 60, minute % 60))
        };
        (0..count).map_while(|_| next()).collect()
    }

    #[test]
    fn moments_come_in_order_and_on_the_right_days() {
        assert_eq!(moments("rate(5 minutes)", 2), ["2026-01-01 00:05", "2026-01-01 00:10"]);
        assert_eq!(moments("rate(1 day)", 1), ["2026-01-02 00:00"]);
        assert_eq!(moments("cron(0 10 * * ? *)", 2), ["2026-01-01 10:00", "2026-01-02 10:00"]);
        // 2026 begins with a Thursday.
        assert_eq!(moments("cron(0 18 ? * MON-FRI *)", 3), ["2026-01-01 18:00", "2026-01-02 18:00", "2026-01-05 18:00"]);
        assert_eq!(moments("cron(0/15 * * * ? *)", 3), ["2026-01-01 00:15", "2026-01-01 00:30", "2026-01-01 00:45"]);
        assert_eq!(moments("cron(0 8 1 * ? *)", 2), ["2026-01-01 08:00", "2026-02-01 08:00"]);
        assert_eq!(moments("cron(0 0 L * ? *)", 2), ["2026-01-31 00:00", "2026-02-28 00:00"]);
        // The last of January is a Saturday, the last of February too.
        assert_eq!(moments("cron(0 0 LW * ? *)", 2), ["2026-01-30 00:00", "2026-02-27 00:00"]);
        // The 1st of February is a Sunday, the 1st of August a Saturday.
        assert_eq!(moments("cron(0 0 1W FEB,AUG ? *)", 2), ["2026-02-02 00:00", "2026-08-03 00:00"]);
        assert_eq!(moments("cron(0 0 ? * 6L *)", 2), ["2026-01-30 00:00", "2026-02-27 00:00"]);
        assert_eq!(moments("cron(30 5 ? * TUE#2 *)", 2), ["2026-01-13 05:30", "2026-02-10 05:30"]);
        assert_eq!(moments("cron(0 0 29 2 ? *)", 2), ["2028-02-29 00:00", "2032-02-29 00:00"]);
        assert_eq!(moments("cron(0 0 1 1 ? 2027-2028)", 5), ["2027-01-01 00:00", "2028-01-01 00:00"]);
        assert_eq!(moments("cron(0 0 31 2 ? *)", 1), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, wrong) in [
            ("every day", "expected a schedule such as `rate(5 minutes)` or `cron(0 12 * * ? *)`"),
            ("rate(5 minute)", "write `rate(5 minutes)`: the unit is singular for 1 and only then"),
            ("rate(1 hours)", "write `rate(1 hour)`: the unit is singular for 1 and only then"),
            ("rate(0 minutes)", "`0` is no whole number above 0"),
            ("rate(30 seconds)", "`seconds` is no unit of a rate: it is minutes, hours or days"),
            ("rate(5)", "expected a number and a unit, as in `rate(5 minutes)`, not `rate(5)`"),
            ("cron(0 12 * * *)", "a cron expression has six fields (minutes, hours, day of month, month, day of week, year), not 5"),
            ("cron(0 12 * * * *)", "one of day of month and day of week has to be `?`"),
            ("cron(0 12 ? * ? *)", "day of month and day of week cannot both be `?`"),
            ("cron(61 12 * * ? *)", "`61` is not in minutes, which go from 0 to 59"),
            ("cron(0 12 ? * MOON *)", "`MOON` is not in days of a week, which go from 1 to 7"),
            ("cron(0 12-8 * * ? *)", "`12-8` in hours ends before it begins"),
            ("cron(0/0 12 * * ? *)", "`0` is no step in minutes"),
            ("cron(0 12 ? * 2#6 *)", "`#6` is none of the five weeks of a month"),
        ] {
            assert_eq!(text.parse::<Schedule>().unwrap_err(), wrong, "{text}");
        }
    }
}
