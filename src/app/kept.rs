//! What was changed on the way in runs that are no more. An edit of the scenario begins another run, without those changes; here they
//! stay, to be made again in that one.

use super::action::Action;
use super::edit::Renaming;
use crate::figures::counted;
use crate::run::Command;
use crate::run::branches::BranchInfo;
use crate::scenario::Scenario;
use crate::scenario::intervention::Intervention;

/// The changes of one branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The branch's name.
    pub name: String,
    /// In order of time.
    pub interventions: Vec<Intervention>,
}

impl Changes {
    /// Makes them again.
    pub fn again(&self) -> Action {
        Action::Run(Command::Changes { wanted: self.interventions.clone(), name: Some(self.name.clone()) })
    }
}

/// See the module. Of branches with the same changes there is one.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    all: Vec<Changes>,
    /// The nodes of the scenario that they are changes of.
    nodes: Vec<String>,
}

impl Kept {
    /// Of a scenario that has just been opened: nothing yet.
    pub fn of(scenario: &Scenario) -> Kept {
        Kept { all: Vec::new(), nodes: ids(scenario) }
    }

    /// Keeps what was changed on these branches; how many there are with changes.
    pub fn take(&mut self, branches: &[BranchInfo]) -> usize {
        let changed = || branches.iter().filter(|branch| !branch.interventions.is_empty());
        for branch in changed() {
            let interventions = branch.interventions.clone();
            let name = match branch.parent {
                Some(_) => branch.name.clone(),
                // It is not the first of the run to come.
                None => named(&interventions),
            };
            match self.all.iter_mut().find(|known| known.interventions == interventions) {
                Some(known) => known.name = name,
                None => self.all.push(Changes { name, interventions }),
            }
        }
        changed().count()
    }

    /// Those that are on none of these branches.
    pub fn besides(&self, branches: &[BranchInfo]) -> Vec<&Changes> {
        let there = |changes: &&Changes| branches.iter().any(|branch| branch.interventions == changes.interventions);
        self.all.iter().filter(|changes| !there(changes)).collect()
    }

    /// The scenario was edited: what has another name is spoken of by that.
    pub fn follow(&mut self, scenario: &Scenario) {
        let before = std::mem::replace(&mut self.nodes, ids(scenario));
        let mut other = before.iter().zip(&scenario.nodes).filter(|(from, node)| from.as_str() != node.id());
        let one = (other.next(), other.next());
        // One node in its place that goes by another name, which was nobody's, while its old name is nobody's now.
        if let (Some((from, node)), None) = one
            && before.len() == self.nodes.len()
            && !self.nodes.contains(from)
            && !before.iter().any(|id| id == node.id())
        {
            let renaming = Renaming::new(node, from, node.id());
            for changes in &mut self.all {
                let made = named(&changes.interventions) == changes.name;
                changes.interventions.iter_mut().for_each(|intervention| renaming.what(&mut intervention.what));
                if made {
                    changes.name = named(&changes.interventions);
                }
            }
        }
    }

    /// No longer keeps these.
    pub fn forget(&mut self, interventions: &[Intervention]) {
        self.all.retain(|changes| changes.interventions != interventions);
    }
}

fn ids(scenario: &Scenario) -> Vec<String> {
    scenario.nodes.iter().map(|node| node.id().to_owned()).collect()
}

/// What changes are called that nobody named.
fn named(interventions: &[Intervention]) -> String {
    match interventions {
        [] => String::new(),
        [one] => one.what.to_string(),
        [first, rest @ ..] => format!("{} and {}", first.what, counted(rest.len() as u64, "more change")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::read;
    use crate::time::Time;

    fn scenario(nodes: &[&str]) -> Scenario {
        let nodes: String = nodes.iter().map(|id| format!(r#"Consumer(id: "{id}", reads: [Read(from: "b/t")]), "#)).collect();
        read(&format!(r#"Scenario(format: 1, nodes: [Broker(id: "b", kind: Simple(topics: ["t"])), {nodes}])"#), "").unwrap()
    }

    fn branch(id: u32, changes: &[&str]) -> BranchInfo {
        let made = |(i, change): (usize, &&str)| Intervention::set(Time(i as u64), change).unwrap();
        BranchInfo {
            id,
            name: format!("Branch {id}"),
            parent: (id > 0).then_some((0, Time::ZERO)),
            recorded: Time::ZERO,
            interventions: changes.iter().enumerate().map(made).collect(),
        }
    }

    fn names(changes: &[&Changes]) -> Vec<String> {
        changes.iter().map(|changes| changes.name.clone()).collect()
    }

    #[test]
    fn what_has_changes_is_kept_once_and_not_told_twice() {
        let mut kept = Kept::of(&scenario(&["x"]));
        assert_eq!(kept.take(&[branch(0, &[])]), 0);
        assert_eq!(kept.take(&[branch(0, &["x.instances=2", "x.instances=3"]), branch(1, &["x.instances=4"])]), 2);
        assert_eq!(kept.take(&[branch(0, &[]), branch(7, &["x.instances=4"])]), 1);
        assert_eq!(names(&kept.besides(&[])), ["x.instances = 2 and 1 more change", "Branch 7"]);
        assert_eq!(names(&kept.besides(&[branch(3, &["x.instances=4"])])), ["x.instances = 2 and 1 more change"]);
        kept.forget(&branch(0, &["x.instances=4"]).interventions);
        assert_eq!(kept.besides(&[]).len(), 1);
    }

    #[test]
    fn a_name_is_followed_there_and_back() {
        let crash = r#"Fault(what: Crash("x#1"), lasts: "5s")"#;
        let seek = r#"Ask(broker: "b", request: Seek(group: "x", to: Beginning))"#;
        let mut kept = Kept::of(&scenario(&["x", "xy"]));
        kept.take(&[branch(0, &["x.instances=2"]), branch(1, &["xy.instances=2", crash, seek])]);
        let first = names(&kept.besides(&[]));
        kept.follow(&scenario(&["z", "xy"]));
        assert_eq!(names(&kept.besides(&[])), ["z.instances = 2", "Branch 1"]);
        let told: Vec<String> = kept.all[1].interventions.iter().map(|i| i.what.to_string()).collect();
        assert_eq!(told, ["xy.instances = 2", "Crash(\"z#1\") for 5s", "b: z goes to the beginning"].map(str::to_owned));
        kept.follow(&scenario(&["x", "xy"]));
        assert_eq!(names(&kept.besides(&[])), first);
        // Somebody else is nobody's new name.
        kept.follow(&scenario(&["xy"]));
        kept.follow(&scenario(&["w", "xy"]));
        assert_eq!(names(&kept.besides(&[])), first);
    }
}
