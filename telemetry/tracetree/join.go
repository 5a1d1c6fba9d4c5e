package tracetree

import "slices"

// Join returns a tree in which links put the traces of one story together: a root becomes a child of the first span that it
// links to, if that span is in another trace. [Print] marks where a trace ends and the next one begins, and shows a link on
// both of its spans. Join leaves t as it is.
func Join(t *Tree) *Tree {
	joined := Build(t.Spans())
	j := joiner{known: map[key]*Node{}, tops: map[*Node]*Node{}, targets: map[*Node]bool{}}
	for _, root := range joined.Roots {
		root.walk(func(n *Node, _ int) {
			j.known[n.key()] = n
			j.tops[n] = root
		}, 0)
	}
	joined.Roots = slices.DeleteFunc(joined.Roots, j.joins)
	for target := range j.targets {
		slices.SortStableFunc(target.Children, byStart)
	}
	return joined
}

// joiner puts roots under the spans that they link to.
type joiner struct {
	known map[key]*Node
	// tops leads from each node to the root above it. The way to a root that was joined goes on from its target.
	tops    map[*Node]*Node
	targets map[*Node]bool
}

// joins puts a root under its target. It returns false if there is none, or if the target is below the root.
func (j *joiner) joins(root *Node) bool {
	target := j.linkTarget(root)
	if target == nil {
		return false
	}
	top := j.top(target)
	if top == root {
		return false
	}
	root.joined, j.tops[root] = target, top
	target.Children = append(target.Children, root)
	j.targets[target] = true
	return true
}

// linkTarget returns the first linked span that is in another trace of the tree, or nil.
func (j *joiner) linkTarget(n *Node) *Node {
	for _, l := range n.Links {
		if target := j.known[l.key()]; target != nil && target.TraceID != n.TraceID {
			return target
		}
	}
	return nil
}

// top returns the root above a node, and shortens the way to it for the next time.
func (j *joiner) top(n *Node) *Node {
	top := n
	for j.tops[top] != top {
		top = j.tops[top]
	}
	for n != top {
		n, j.tops[n] = j.tops[n], top
	}
	return top
}
